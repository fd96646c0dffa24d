// An include against the direction of dependence: what tests/architecture/includes.cmake must find.
#pragma once
#include "base/error.h"
#  include "ckks/params.h"
