"""What is attacked: detectors that return supervision.Detections and, white-box, their gradients."""
