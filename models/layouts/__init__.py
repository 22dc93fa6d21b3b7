"""How detectors lay out their raw outputs, one file a layout; registry.py knows them all."""
