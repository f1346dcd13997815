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
  description = "Cloudflare's id of the zone that the static records are in."
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-f]{32}$", var.zone_id)) && var.zone_id != "00000000000000000000000000000000"
    error_message = "Write the id of your zone, 32 hexadecimal digits, into terraform.tfvars; Cloudflare shows it on the zone's page."
  }
}

variable "records_file" {
  type        = string
  description = "The static records; a failover gives one that says what they are to be."
  default     = "../config/dns/records.yaml"
  nullable    = false

  validation {
    condition     = fileexists(var.records_file)
    error_message = "There is no such file."
  }
}

variable "inventory_file" {
  type        = string
  description = "Ansible's hosts.yml, for records that name a node."
  default     = "../ansible/inventory/hosts.yml"
  nullable    = false

  validation {
    condition     = endswith(var.inventory_file, ".yml") || endswith(var.inventory_file, ".yaml")
    error_message = "An inventory is a YAML file."
  }
}

variable "buckets" {
  type = map(object({
    location     = optional(string, "weur")
    jurisdiction = optional(string, "default")
    expire_days  = optional(map(number), {})
    lock_days    = optional(map(number), {})
    cors = optional(list(object({
      origins         = list(string)
      methods         = list(string)
      headers         = optional(list(string), [])
      expose_headers  = optional(list(string), [])
      max_age_seconds = optional(number, 3600)
    })), [])
  }))
  description = "The buckets of apps by their names; those of the state and the backups are made by bootstrap/."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.buckets) : can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", name))])
    error_message = "The name of a bucket is 3 to 63 of a-z, 0-9 and -, the last not at an end."
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
