// A parameter that takes any callable, without owning or copying it: for callbacks that do not outlive the
// call.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace sotto {

template <class Signature>
class FunctionRef;

/// Refers to the callable that it was made from, which must live as long as it is used. Never allocates.
template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, FunctionRef> && std::is_invocable_r_v<R, F&, Args...>)
      FunctionRef(F&& f)
  noexcept  // NOLINT: a callable is meant to convert
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_([](void* object, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(object))(std::forward<Args>(args)...);
        }) {}

  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  R (*call_)(void*, Args...);
};

}  // namespace sotto
