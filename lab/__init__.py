"""What only a checkout has: experiments, stored runs, speed measurements, and pictures of the window."""
