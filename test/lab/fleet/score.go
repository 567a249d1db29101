package fleet

import "fmt"

// Score compares how alerts were grouped with how they should be.
type Score struct {
	// Rand is the adjusted Rand index (Hubert and Arabie 1985): 1 for the same
	// groups, 0 for what chance would do.
	Rand float64
	// Precision and Recall of pairs of alerts that are in one group.
	Precision, Recall float64
}

func (s Score) String() string {
	return fmt.Sprintf("ARI %.3f, pair precision %.3f, recall %.3f", s.Rand, s.Precision, s.Recall)
}

// compare takes the group of each item as it is and as it should be.
func compare(got, want []string) Score {
	type cell struct{ got, want string }
	cells, rows, columns := map[cell]int{}, map[string]int{}, map[string]int{}
	for i := range got {
		cells[cell{got[i], want[i]}]++
		rows[got[i]]++
		columns[want[i]]++
	}
	both, found, right, all := 0.0, 0.0, 0.0, pairs(len(got))
	for _, n := range cells {
		both += pairs(n)
	}
	for _, n := range rows {
		found += pairs(n)
	}
	for _, n := range columns {
		right += pairs(n)
	}
	s := Score{Rand: 1, Precision: 1, Recall: 1}
	if chance := found * right / max(all, 1); (found+right)/2 != chance {
		s.Rand = (both - chance) / ((found+right)/2 - chance)
	}
	if found > 0 {
		s.Precision = both / found
	}
	if right > 0 {
		s.Recall = both / right
	}
	return s
}

func pairs(n int) float64 { return float64(n) * float64(n-1) / 2 }
