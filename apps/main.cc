// The program sotto. Everything but this file is the library sotto_cli, so that tests can call its parts.
#include "apps/app.h"

int main(int argc, char** argv) {
  return sotto::app::run(argc, argv);
}
