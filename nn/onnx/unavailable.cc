// Stands in for the importer in a build without the ONNX package.
#include "base/error.h"
#include "nn/onnx.h"

namespace sotto::nn {

Graph import_onnx_bytes(std::string_view, const std::string& name) {
  throw Error(ErrorCode::kUnsupported,
              "'" + name +
                  "' cannot be read: this build has no ONNX; install the packages libonnx-dev and "
                  "libprotobuf-dev (Debian, Ubuntu) and configure again");
}

}  // namespace sotto::nn
