output "zone" {
  description = "The domain of the static records."
  value       = module.static_records.zone
}

output "buckets" {
  description = "Where the buckets of apps answer S3, by their names."
  value       = { for name, bucket in module.buckets : name => bucket.s3_endpoint }
}
