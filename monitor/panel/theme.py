"""The panel's looks as far as Gradio's theme carries them; the rest is in style.css."""

from __future__ import annotations

import gradio as gr


def theme() -> gr.themes.Base:
    """Calm greys, one blue; fonts from this machine or from Gradio's own files, never from the network."""
    # Gradio's SemiBold files hold no Latin letters (99 glyphs of 826); its Bold ones do.
    local = gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700))
    plain = [gr.themes.Font(name) for name in ("Segoe UI", "Roboto", "Helvetica Neue", "Arial")]
    return gr.themes.Base(
        primary_hue=gr.themes.colors.sky,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_md,
        spacing_size=gr.themes.sizes.spacing_md,
        text_size=gr.themes.sizes.text_md,
        font=[local, *plain, gr.themes.Font("sans-serif")],
        font_mono=[gr.themes.Font("Consolas"), gr.themes.Font("monospace")],
    ).set(
        button_primary_background_fill="#0b6aa8",
        button_primary_background_fill_dark="#1477b8",
        button_primary_background_fill_hover="#095a90",
        button_primary_background_fill_hover_dark="#1e88cc",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#ffffff",
        slider_color="#0b6aa8",
        slider_color_dark="#56b4e9",
        block_border_width="0px",
        block_shadow="none",
        block_info_text_size="12px",
    )
