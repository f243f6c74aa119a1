"""A case in words tells all that an operator needs to answer a question about it."""

from starter.cli.show import case_lines
from tests.stories import BY_NAME
from tests.workflows.complaint.playing import play
from workflows.complaint.views.view import view_of


def test_it_tells_where_goods_and_advance_are() -> None:
    case = play(BY_NAME["half_comes_back_and_half_of_the_advance_with_it"]).case
    lines = list(case_lines(view_of(case)))
    assert "  return: delivered, sf SF6001, found short (1)" in lines
    assert any(line.endswith("300.00 gone back; recovery recovered") for line in lines)
