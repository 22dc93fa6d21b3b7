"""The live panel: pictures as MJPEG, widgets by Gradio, one guard in front of both."""

from monitor.panel.app import build_app, serve

__all__ = ["build_app", "serve"]
