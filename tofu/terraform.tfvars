# No secrets: they come by the environment (.envrc.example).
account_id = "00000000000000000000000000000000"
zone_id    = "00000000000000000000000000000000"

# Buckets of apps, for example:
# buckets = {
#   "shop-uploads" = { expire_days = { "tmp/" = 7 } }
# }
