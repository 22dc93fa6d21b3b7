"""The heads of torchvision's detectors, one file a family: raw outputs -> candidates."""
