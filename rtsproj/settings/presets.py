"""Sets of values that a project may start from."""

from dataclasses import replace

from rtsproj.settings.schema import Preset, Settings


def preset_settings(preset: Preset) -> Settings:
    """Settings a new project starts from (method 4: ``xia2022`` reproduces the published loop)."""
    base = Settings()
    if preset == "default":
        return base
    return replace(
        base,
        project=replace(base.project, preset=preset),
        imagery=replace(base.imagery, bands=("red", "green", "blue"), scaling="reflectance"),
        grid=replace(base.grid, core_px=160, margin_px=160),
        train=replace(
            base.train,
            encoder="tu-xception65",
            weights="hub:imagenet",
            chip_px=480,
            steps=30_000,
            buffer_m=300.0,
            learning_rate=0.007,
            optimizer="sgd",
            schedule="poly",
            reason_quota=1.0,
            validate_every=1000,
            checkpoint_every=1000,
            background_m=100_000.0,
            refit="none",
            trim_share=0.0,
            flip=False,
            brightness=0.0,
        ),
        infer=replace(
            base.infer,
            threshold=0.5,
            probe_threshold=0.0,
            join_px=0.0,
            min_px=100,
            whole_px=1,
            extend=False,
            span=1,
        ),
        lineage=replace(
            base.lineage,
            inside=1.0,
            rim_px=0.0,
            growth_px=4.0,
            growth_share=0.0,
            joins=False,
            better=False,
        ),
        triage=replace(base.triage, budget=0.0, probes=0, far=0),
    )
