DROP TABLE letter_papers;
DROP TABLE letter_openings;
