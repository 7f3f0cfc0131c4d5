;; AdamW over arrays of f32 that lie in one memory, four numbers at a time, each of them read and written once:
;;   first  ← beta1·first + firstScale·gradient
;;   second ← beta2·second + (secondScale·gradient)²
;;   value  ← keep·value − stepSize·first / (√second + offset)
;; Arrays begin at multiples of 16 bytes and have room for `count` rounded up to a multiple of four.
(module
  (import "memory" "memory" (memory 0))
  (func (export "step")
    (param $value i32) (param $gradient i32) (param $first i32) (param $second i32) (param $count i32)
    (param $beta1 f32) (param $firstScale f32) (param $beta2 f32) (param $secondScale f32)
    (param $stepSize f32) (param $offset f32) (param $keep f32)
    (local $g v128) (local $root v128) (local $m v128) (local $v v128)
    (local $b1 v128) (local $s1 v128) (local $b2 v128) (local $s2 v128)
    (local $size v128) (local $eps v128) (local $kept v128)
    (local.set $b1 (f32x4.splat (local.get $beta1)))
    (local.set $s1 (f32x4.splat (local.get $firstScale)))
    (local.set $b2 (f32x4.splat (local.get $beta2)))
    (local.set $s2 (f32x4.splat (local.get $secondScale)))
    (local.set $size (f32x4.splat (local.get $stepSize)))
    (local.set $eps (f32x4.splat (local.get $offset)))
    (local.set $kept (f32x4.splat (local.get $keep)))
    (loop $four
      (local.set $g (v128.load (local.get $gradient)))
      (local.set $m
        (f32x4.add
          (f32x4.mul (v128.load (local.get $first)) (local.get $b1))
          (f32x4.mul (local.get $g) (local.get $s1))))
      (v128.store (local.get $first) (local.get $m))
      (local.set $root (f32x4.mul (local.get $g) (local.get $s2)))
      (local.set $v
        (f32x4.add
          (f32x4.mul (v128.load (local.get $second)) (local.get $b2))
          (f32x4.mul (local.get $root) (local.get $root))))
      (v128.store (local.get $second) (local.get $v))
      (v128.store (local.get $value)
        (f32x4.sub
          (f32x4.mul (v128.load (local.get $value)) (local.get $kept))
          (f32x4.div
            (f32x4.mul (local.get $m) (local.get $size))
            (f32x4.add (f32x4.sqrt (local.get $v)) (local.get $eps)))))
      (local.set $value (i32.add (local.get $value) (i32.const 16)))
      (local.set $gradient (i32.add (local.get $gradient) (i32.const 16)))
      (local.set $first (i32.add (local.get $first) (i32.const 16)))
      (local.set $second (i32.add (local.get $second) (i32.const 16)))
      (local.set $count (i32.sub (local.get $count) (i32.const 4)))
      (br_if $four (i32.gt_s (local.get $count) (i32.const 0))))))
