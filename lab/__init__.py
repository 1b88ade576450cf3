"""What a checkout has besides the program: experiments, stored runs, speed, and pictures of the window."""
