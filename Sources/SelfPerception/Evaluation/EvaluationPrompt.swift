/// How a defect's truth becomes a prompt.
public enum EvaluationPrompt: String, CaseIterable, Sendable, Codable, CodingKeyRepresentable {
    /// The tight box of the truth.
    case box
    /// The same box, so much per cent longer on each axis: both its sides are moved outwards by half of that.
    case looseBox10 = "loose-box-10"
    case looseBox25 = "loose-box-25"
    case looseBox50 = "loose-box-50"
    /// The first so many of ten random foreground points: more points are the same and others.
    case points1 = "points-1"
    case points3 = "points-3"
    case points5 = "points-5"
    case points10 = "points-10"
    /// The whole picture's box.
    case whole

    static let mostPoints = 10

    /// nil where it is no box of the truth.
    var looseness: Float? {
        switch self {
        case .box: 0
        case .looseBox10: 0.1
        case .looseBox25: 0.25
        case .looseBox50: 0.5
        case .points1, .points3, .points5, .points10, .whole: nil
        }
    }

    var points: Int {
        switch self {
        case .points1: 1
        case .points3: 3
        case .points5: 5
        case .points10: 10
        case .box, .looseBox10, .looseBox25, .looseBox50, .whole: 0
        }
    }
}
