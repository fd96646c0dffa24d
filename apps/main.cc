// The program sotto. Everything but this file is the library sotto_cli, so that tests can call its parts.
#include "apps/app.h"
#include "apps/waiting.h"

int main(int argc, char** argv) {
  sotto::app::restart_with_short_waits(argv);
  return sotto::app::run(argc, argv);
}
