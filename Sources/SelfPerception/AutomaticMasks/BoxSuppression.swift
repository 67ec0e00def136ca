/// Greedy non-maximum suppression, as torchvision's `nms` does it in Float32: the box with the highest score stays and
/// drops every box whose IoU with it is above the threshold, and so on; of equal scores the earlier comes first.
///
/// - Returns: the indices that stay, by falling score.
func suppress(_ boxes: [MaskBox], scores: [Float], threshold: Double) -> [Int] {
    precondition(boxes.count == scores.count)
    func area(_ box: MaskBox) -> Float { Float(box.right - box.left) * Float(box.bottom - box.top) }
    let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
    let areas = boxes.map(area)
    var dropped = [Bool](repeating: false, count: boxes.count), kept: [Int] = []
    for (rank, index) in order.enumerated() where !dropped[index] {
        kept.append(index)
        let box = boxes[index]
        for other in order[(rank + 1)...] where !dropped[other] {
            let width = max(0, min(box.right, boxes[other].right) - max(box.left, boxes[other].left))
            let height = max(0, min(box.bottom, boxes[other].bottom) - max(box.top, boxes[other].top))
            let both = Float(width) * Float(height)
            // Two boxes without area give NaN, which is not above anything.
            if Double(both / (areas[index] + areas[other] - both)) > threshold { dropped[other] = true }
        }
    }
    return kept
}
