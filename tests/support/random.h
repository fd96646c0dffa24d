// The random numbers of tests lie in base/, where the exported suites find them too.
#pragma once

#include "base/testing/random.h"
