"""What is true of every call, whatever it is about: errors, refusals, headers, repeats, pages of lists."""
