output "name" {
  description = "The bucket's name."
  value       = cloudflare_r2_bucket.this.name
}

output "s3_endpoint" {
  description = "Where it answers S3."
  value       = "https://${var.account_id}${var.jurisdiction == "default" ? "" : ".${var.jurisdiction}"}.r2.cloudflarestorage.com"
}

output "token_resource" {
  description = "How a token's policy names it."
  value       = "com.cloudflare.edge.r2.bucket.${var.account_id}_${var.jurisdiction}_${var.name}"
}
