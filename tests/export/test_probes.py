from potstill.export.probes import probe_texts


def test_probes_are_sixty_four_different_texts() -> None:
    assert len(set(probe_texts())) == 64
