from pathlib import Path

from potstill.api.places import layer_search_folder


def test_a_search_for_layers_has_a_folder_of_its_own_beside_the_studies() -> None:
    assert layer_search_folder("owner/model") == layer_search_folder(Path("folder/model")) == Path("runs/layers-model")
