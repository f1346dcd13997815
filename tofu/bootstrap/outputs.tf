output "state_endpoint" {
  description = "For backends/r2.s3.tfbackend: where the state's bucket answers S3."
  value       = module.state_bucket.s3_endpoint
}

output "operator_token" {
  description = "For CLOUDFLARE_API_TOKEN in .envrc and in CI: the zone's records, and buckets."
  value       = cloudflare_account_token.this["operator"].value
  sensitive   = true
}

output "cluster_dns_token" {
  description = "For init-secrets.ts: external-dns and cert-manager change the zone's records with it."
  value       = cloudflare_account_token.this["cluster_dns"].value
  sensitive   = true
}

# https://developers.cloudflare.com/r2/api/tokens/: the id of a token is its key's id, and the sum its secret.
output "state_keys" {
  description = "For AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in .envrc and in CI: the state's bucket alone."
  value = {
    access_key_id     = cloudflare_account_token.this["state"].id
    secret_access_key = sha256(cloudflare_account_token.this["state"].value)
  }
  sensitive = true
}

output "backup_keys" {
  description = "For init-secrets.ts: the buckets of the backups alone."
  value = {
    access_key_id     = cloudflare_account_token.this["backups"].id
    secret_access_key = sha256(cloudflare_account_token.this["backups"].value)
  }
  sensitive = true
}
