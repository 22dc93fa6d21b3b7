"""What a lecture on adversarial examples says, worked out on one frame: `curriculum` lists the lessons."""
