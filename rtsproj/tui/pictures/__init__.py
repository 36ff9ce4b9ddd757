"""Pictures in character cells: numpy and Pillow; textual only as Segment and Strip at the edge.

Why an own encoder: libraries ask the terminal questions while the program runs, whose late answers
arrive as key presses, and resend the whole picture on every repaint.
"""
