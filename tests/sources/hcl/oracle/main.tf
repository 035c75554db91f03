# What the recorded expressions refer to. Sets, maps and objects of every depth, with defaults that convert.
variable "s" { default = "hello" }
variable "n" { default = 5 }
variable "nul" {
  type    = string
  default = null
}
variable "nonul" {
  type     = string
  default  = "d"
  nullable = false
}
variable "boolv" {
  type    = bool
  default = "true"
}
variable "numv" {
  type    = number
  default = "1.5"
}
variable "strv" {
  type    = string
  default = 1.5
}
variable "strb" {
  type    = string
  default = false
}
variable "ls" {
  type    = list(string)
  default = [3, "b", true]
}
variable "ln" {
  type    = list(number)
  default = ["3", 1, 2]
}
variable "ss" {
  type    = set(string)
  default = ["b", "a", "b", "ä", "Z"]
}
variable "sn" {
  type    = set(number)
  default = [10, "9", 1, "1"]
}
variable "ms" {
  type    = map(string)
  default = { a = "x", b = 2, c = true }
}
variable "mo" {
  type = map(object({
    type   = string
    count  = optional(number, 1)
    on     = optional(bool, true)
    nested = optional(object({ a = optional(string, "deep") }), {})
  }))
  default = {
    y = { type = "b", count = "3", on = "false" }
    x = { type = "a" }
    w = { type = 7, nested = null }
    z = { type = "a", nested = { a = 1 } }
  }
}
variable "lo" {
  type = list(object({
    name  = string
    size  = number
    tags  = optional(map(string), {})
    extra = optional(any)
  }))
  default = [{ name = "one", size = "1" }, { name = "two", size = 2, tags = { a = 1, b = true } }]
}
variable "deep" {
  type = object({
    endpoints = map(object({
      variants = list(object({ name = string, type = optional(string, "ml.m5.large") }))
      scaling  = optional(object({ min = number, max = optional(number, 4) }))
    }))
  })
  default = {
    endpoints = {
      one = { variants = [{ name = "a" }, { name = "b", type = "ml.g5.xlarge" }] }
      two = { variants = [{ name = "c" }], scaling = { min = "2" } }
    }
  }
}
variable "tup" {
  type    = tuple([string, number, bool])
  default = [1, "2", "true"]
}
variable "obj" {
  type    = object({ b = string, a = number })
  default = { a = "1", b = 2, c = "gone" }
}
variable "anyv" {
  type    = any
  default = { list = [1, "a", { b = null }], k = 1 }
}
variable "setobj" {
  type    = set(object({ k = string, v = number }))
  default = [{ k = "b", v = 1 }, { k = "a", v = "2" }, { k = "b", v = "1" }]
}
variable "sls" {
  type    = set(list(string))
  default = [["b"], ["a", 1]]
}
variable "lls" {
  type    = list(list(string))
  default = [[1, 2], ["a"]]
}
variable "mls" {
  type    = map(list(string))
  default = { a = [1, "x"], b = [] }
}
variable "lm" {
  type    = list(map(string))
  default = [{ a = 1 }, { b = "y" }]
}
variable "ma" {
  type    = map(any)
  default = { a = 1, z = "x" }
}
variable "la" {
  type    = list(any)
  default = [1, "a", true]
}
variable "empty" {
  type    = list(string)
  default = []
}
variable "secret" {
  type      = string
  default   = "hidden"
  sensitive = true
}
locals {
  l    = [1, "two", 3]
  m    = { a = "x", b = "y", "c" = "z" }
  o    = { one = 1, two = "zwei", three = [1, 2], four = null, "k-4" = true }
  objs = [{ n = "a", id = 1, l = [1, 2] }, { n = "b", id = 2, l = [] }, { n = "a", id = 3, l = [3] }]
}
