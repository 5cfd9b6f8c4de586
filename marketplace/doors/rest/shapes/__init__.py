"""What REST answers, as types: the OpenAPI document is drawn from these, and tests hold every answer against them."""
