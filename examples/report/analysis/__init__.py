"""What the pages say: prices, features, words, and how much of it there is."""
