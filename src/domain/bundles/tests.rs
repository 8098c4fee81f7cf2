mod plan;
mod progress;
mod schema;
mod stated;
mod twice;
