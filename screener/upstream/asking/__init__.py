"""How hosts are asked: who they are, pace, deadlines, certificates, rests."""
