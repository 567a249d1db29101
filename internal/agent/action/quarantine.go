package action

type takenFile struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
}

type takenLines struct {
	Path string `json:"path"`
}
