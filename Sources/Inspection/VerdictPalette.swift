import Imaging

/// Colours that remain apart for every common form of colour blindness (Okabe and Ito's set, 2008).
enum VerdictPalette {
    static func color(of verdict: Verdict) -> RGBColor {
        switch verdict {
        case .pass: RGBColor(0, 158, 115)
        case .review: RGBColor(240, 228, 66)
        case .fail: RGBColor(213, 94, 0)
        case .uninspected: RGBColor(204, 121, 167)
        }
    }

    /// The refined mask: a colour that no verdict has and few parts do.
    static let mask = RGBColor(86, 180, 233)
}
