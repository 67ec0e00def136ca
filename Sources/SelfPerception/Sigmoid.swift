#if canImport(Glibc)
import Glibc
#else
import Foundation
#endif

/// 1 / (1 + e^−x). Finite for every finite x: e^−x may overflow to infinity, whose reciprocal is 0.
@inlinable
@inline(__always)
public func sigmoid(_ x: Float) -> Float { 1 / (1 + expf(-x)) }
