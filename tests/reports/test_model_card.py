"""A model's card says what a reader needs, whatever the training left."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rtsproj.reports.model_card import ModelCard, card_text, sparkline

OBJECTS = {
    iou: {"tp": 3, "fp": 1, "fn": 1, "precision": 0.75, "recall": 0.75, "f1": 0.75}
    for iou in ("0.1", "0.3", "0.5")
}
SCORES = {"pixel_iou": 0.61, "objects": OBJECTS, "truths": 4}
CARD = ModelCard(
    project="corridor",
    sha256="ab" * 32,
    job=3,
    iteration=2,
    network="DeepLabV3Plus on resnet18",
    members=1,
    bands=(("red", 10.0, 2000.0), ("nir", 20.5, 3000.0)),
    pixel_m=3.0,
    labels=(("negative", "rejected", "river", 7), ("positive", "seed", "", 40)),
    training_sha256="cd" * 32,
    scenes=(("a.tif", "2019-07-15", "ef" * 32),),
    split="2 blocks are kept for validation.",
    parents=(("encoder", "package:lite0", "12" * 32),),
    scores=SCORES,
    member_scores=({"seed": 1, "best_step": 40, "scores": SCORES},),
    curve=(
        {"step": 10, "loss": 0.9, "learning_rate": 0.001},
        {"step": 20, "loss": 0.5, "learning_rate": 0.001},
        {"step": 20, "loss": 0.5, **SCORES},
    ),
    settings={"loss": "bce_dice", "steps": 20},
    environment={"torch": "2.13.0", "threads": 2},
)


def test_the_card_holds_what_the_model_is_for_learnt_from_and_scored() -> None:
    text = card_text(CARD)
    for said in (
        "# Model abababababab of corridor",
        "Iteration 2, job 3: DeepLabV3Plus on resnet18, one network.",
        "an analyst who checks every outline",
        "cd" * 32,
        "negative  rejected  river        7",
        "nir        20.5       3000",
        "a.tif  2019-07-15",
        "Pixel IoU 0.610 over 4 slumps.",
        "object IoU 0.3      0.750   0.750  0.750",
        "loss 0.900 █▁ 0.500 at step 20",
        "encoder  package:lite0",
        "bce_dice",
        "2.13.0",
    ):
        assert said in text, said


def test_the_card_of_an_ensemble_names_each_network() -> None:
    rows = tuple({"seed": n, "best_step": 40, "scores": SCORES} for n in (1, 2))
    text = card_text(replace(CARD, members=2, member_scores=rows))
    assert "an ensemble of 2 networks" in text
    assert "Pixel IoU 0.610 of the mean probability over 4 slumps." in text
    assert "   2         40          0.750" in text
    assert "Of the first network" in text


def test_without_scores_and_course_the_card_says_so() -> None:
    text = card_text(replace(CARD, scores={}, curve=(), labels=()))
    assert "None: no slump lies in a validation block." in text
    assert "too short" in text


def test_a_hostile_name_cannot_steer_a_terminal() -> None:
    assert "\x1b" not in card_text(replace(CARD, project="a\x1b[2J", scenes=(("\x1b", "", ""),)))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=500))
def test_a_sparkline_is_short_and_shows_least_and_greatest(values: list[float]) -> None:
    line = sparkline(values)
    assert 1 <= len(line) <= 60
    assert set(line) <= set("▁▂▃▄▅▆▇█")
    if len(values) <= 60 and max(values) > min(values):
        assert line[values.index(max(values))] == "█"
        assert line[values.index(min(values))] == "▁"
