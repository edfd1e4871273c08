"""What all backends share whose attempts run on other machines: files of the attempt, and who follows them."""
