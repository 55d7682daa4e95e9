from sent_texts import PATHS
from server import Server


def test_the_description_names_every_path_and_every_error(server: Server) -> None:
    described = server.send("GET", "/openapi.json").json
    assert set(PATHS) <= set(described["paths"])
    assert set(described["paths"]["/v1/moderations"]["post"]["responses"]) == {
        "200", "400", "401", "408", "413", "415", "429", "500", "503", "504",
    }  # fmt: skip
    schemas = described["components"]["schemas"]
    assert schemas["ScoreRequest"]["properties"]["model"]["enum"] == ["tiny", None]
    attributes = schemas["AnalyzeRequest"]["properties"]["requestedAttributes"]["propertyNames"]
    assert attributes == {"enum": ["FINE", "TOXIC", "TOXICITY"]}
