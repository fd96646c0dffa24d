# What is required, and by which layer. Optional packages are looked for where they are used, with a line on what they add.
#   GMP, NTL, Eigen3, OpenMP   arithmetic of ckks/ and approx/, threads
#   OpenSSL                    the CSPRNG, seed expansion and hashes of ckks/: never written here
#   nlohmann-json              parameters, plans, cards (header only)
#   ONNX (protobuf)            optional: nn/ reads .onnx files
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(Threads REQUIRED)
find_package(GMP REQUIRED)
find_package(NTL REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(nlohmann_json 3.9 REQUIRED)
if(SOTTO_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
if(SOTTO_BUILD_BENCH)
  find_package(benchmark REQUIRED)
endif()
