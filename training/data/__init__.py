"""From a data set to the rows that are learned: rules, word lists, and the two halves."""
