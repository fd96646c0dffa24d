#include "ntt/testing/cases.h"
