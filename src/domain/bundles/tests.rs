mod plan;
mod progress;
