"""Verify a contract without us: `python verify_contract.py JWKS_FILE CONTRACT_FILE` prints its claims, or fails.

The keys are at /.well-known/jwks.json, the document at GET /api/v1/contracts/{id}/. Needs `pip install pyjwt[crypto]`.
"""

import json
import sys
from pathlib import Path

import jwt


def claims_of(document: str, keys: dict) -> dict:
    """What the document says; jwt.InvalidTokenError where none of the keys signed it as it stands."""
    wanted = jwt.get_unverified_header(document)["kid"]
    key = next(each for each in jwt.PyJWKSet.from_dict(keys).keys if each.key_id == wanted)
    return jwt.decode(document, key, algorithms=["EdDSA"], options={"verify_iat": False})


if __name__ == "__main__":
    keys, document = (Path(name).read_text() for name in sys.argv[1:3])
    sys.stdout.write(json.dumps(claims_of(document.strip(), json.loads(keys)), indent=1) + "\n")
