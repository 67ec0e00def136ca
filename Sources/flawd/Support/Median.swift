extension Collection where Element: Comparable {
    /// The middle one in order of size; of an even number of values the upper of the two.
    ///
    /// - Precondition: there is a value.
    var median: Element { sorted()[count / 2] }
}
