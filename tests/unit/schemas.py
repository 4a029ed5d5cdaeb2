#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Holds JSON of standard input, or what '-o yaml' printed, to a schema: schemas.py SCHEMA [yaml]
import json
import sys

import jsonschema
import yaml

with open(sys.argv[1]) as file:
    schema = json.load(file)
jsonschema.Draft7Validator.check_schema(schema)
jsonschema.validate(yaml.safe_load(sys.stdin) if "yaml" in sys.argv[2:] else json.load(sys.stdin), schema)
