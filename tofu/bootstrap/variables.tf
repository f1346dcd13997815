variable "account_id" {
  type        = string
  description = "Cloudflare's id of the account."
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-f]{32}$", var.account_id)) && var.account_id != "00000000000000000000000000000000"
    error_message = "Write the id of your account, 32 hexadecimal digits, into terraform.tfvars; Cloudflare shows it on the account's page."
  }
}

variable "zone_id" {
  type        = string
  description = "Cloudflare's id of the zone whose records the tokens may change."
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-f]{32}$", var.zone_id)) && var.zone_id != "00000000000000000000000000000000"
    error_message = "Write the id of your zone, 32 hexadecimal digits, into terraform.tfvars; Cloudflare shows it on the zone's page."
  }
}

variable "state_bucket" {
  type        = string
  description = "The bucket that the main stack keeps its state in."
  default     = "infra-k3s-state"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "The name of a bucket is 3 to 63 of a-z, 0-9 and -, the last not at an end."
  }
}

variable "backup_buckets" {
  type        = set(string)
  description = "The buckets of Velero's backups and etcd's snapshots; neither expire nor lock, since Velero removes and overwrites what it keeps there."
  default     = ["infra-k3s-backups"]
  nullable    = false

  validation {
    condition     = length(var.backup_buckets) > 0 && !contains(var.backup_buckets, var.state_bucket)
    error_message = "There is one backup bucket at least, and none is that of the state: the cluster has the keys of these."
  }
}

variable "location" {
  type        = string
  description = "Where R2 is to keep the buckets, as far as it can."
  default     = "weur"
  nullable    = false

  validation {
    condition     = contains(["apac", "eeur", "enam", "oc", "weur", "wnam"], var.location)
    error_message = "A location is one of apac, eeur, enam, oc, weur, wnam."
  }
}

variable "jurisdiction" {
  type        = string
  description = "Where R2 has to keep the buckets; it has an S3 address of its own."
  default     = "default"
  nullable    = false

  validation {
    condition     = contains(["default", "eu", "fedramp"], var.jurisdiction)
    error_message = "A jurisdiction is one of default, eu, fedramp."
  }
}

variable "state_passphrase" {
  type        = string
  description = "Encrypts state and plans, and is in neither; comes by TF_VAR_state_passphrase."
  ephemeral   = true
  nullable    = false

  validation {
    condition     = length(var.state_passphrase) >= 16
    error_message = "The passphrase has 16 characters at least."
  }
}
