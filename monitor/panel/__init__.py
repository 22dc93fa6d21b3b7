"""The live panel: pictures as MJPEG, widgets by Gradio, one guard in front of both."""
