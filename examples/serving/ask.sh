#!/bin/sh
# Asks a server of the model `ads` with curl: sh ask.sh [ADDRESS]
set -e
address="${1:-http://127.0.0.1:8080}"
json='content-type: application/json'

echo '# rows as objects'
curl -sS "$address/predict" -H "$json" -d '[{"user": "u7", "item": "i3", "price": 19.9}, {"user": "u7"}]'
echo
echo '# the Open Inference Protocol: a tensor per column'
curl -sS "$address/v2/models/ads/infer" -H "$json" -d '{
  "id": "42",
  "inputs": [
    {"name": "user", "datatype": "BYTES", "shape": [2], "data": ["u7", "u7"]},
    {"name": "price", "datatype": "FP64", "shape": [2], "data": [19.9, null]}
  ],
  "outputs": [{"name": "probability"}]
}'
echo
echo '# a mistake'
curl -sS "$address/predict" -H "$json" -d '[{"usr": "u7"}]'
echo
echo '# is it ready, and what did it do?'
curl -sS "$address/v2/health/ready"
echo
curl -sS "$address/metrics" | grep '^bitrow_rows_total'
